// The calls of the second seed document, word for word.

// 批量设置折扣的API调用示例
const batchSetDiscount = async (userId: number, productIds: number[], amount: number) => {
    const response = await axios.post('/discounts/batch_set/', {
        user_id: userId,
        product_ids: productIds,
        amount: amount,
        effective_time: new Date().toISOString(),
        expiration_time: new Date(Date.now() + 30 * 24 * 60 * 60 * 1000).toISOString(),
        priority: 1
    });
    return response.data;
};

// 创建折扣的API调用
const createDiscount = async (discountData: {
    name: string;
    amount: number;
    user_ids: number[];
    product_ids: number[];
    effective_time: string;
    expiration_time: string;
    priority?: number;
}) => {
    const response = await axios.post('/discounts/', discountData);
    return response.data;
};

// 查询用户对指定商品的折扣
const queryUserProductsDiscount = async (productIds: number[]) => {
    const response = await axios.get('/discounts/query_user_products/', {
        params: { product_ids: productIds.join(',') }
    });
    return response.data;
};
